"""The demo: a camera, the node and a recorder as three processes that talk over DDS."""
