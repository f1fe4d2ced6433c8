"""What a run was made with."""

import json
import platform

import cv2
from monodepth_ros.training.distributed import Processes
from monodepth_ros.training.session import describe_session
import numpy as np
import torch


def test_session_names_versions_and_device_but_no_host():
    session = describe_session(Processes(torch.device('cpu'), 0, 2))
    versions = session['versions']
    assert versions['python'] == platform.python_version()
    assert versions['torch'] == torch.__version__
    assert versions['numpy'] == np.__version__
    assert versions['opencv'] == cv2.__version__
    assert {'monodepth_ros', 'commit'} < versions.keys()
    assert session['device'].startswith('cpu')
    assert session['threads'] == torch.get_num_threads()
    assert session['processes'] == 2
    assert platform.node() not in json.dumps(session)
