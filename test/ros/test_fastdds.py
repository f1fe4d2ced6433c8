"""The profile that ships: found, set, and not set over the user's own."""

import os
import xml.etree.ElementTree as ElementTree

from monodepth_ros.ros import fastdds
import pytest

NAMESPACE = '{http://www.eprosima.com}'


HUMBLE, JAZZY, KILTED = '3.3.13', '7.1.6', '9.1.2'
FAST_DDS_3, FAST_DDS_2 = fastdds.PROFILE_VARIABLES
CHOICES = (*fastdds.PROFILE_VARIABLES, 'FASTDDS_BUILTIN_TRANSPORTS', 'ROS_LOCALHOST_ONLY')


@pytest.fixture
def no_profile(monkeypatch, tmp_path):
    for name in CHOICES:
        # Set first, so that what the test leaves there is undone as well.
        monkeypatch.setenv(name, '')
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.fixture
def release(no_profile):
    """Return what makes a version of rclpy the one that is installed."""
    return lambda version: no_profile.setattr(fastdds.metadata, 'version', lambda name: version)


def test_profile_is_set_where_there_is_none(no_profile):
    profile = fastdds.use_default_profile()
    assert os.path.basename(profile) == 'fastdds.xml' and os.path.isfile(profile)
    assert os.environ[fastdds.profile_variable()] == profile


@pytest.mark.parametrize(
    'version, variable',
    [(HUMBLE, FAST_DDS_2), (JAZZY, FAST_DDS_2), (KILTED, FAST_DDS_3), ('10.0.1', FAST_DDS_3)],
)
def test_each_fast_dds_reads_its_own_variable(release, version, variable):
    release(version)
    assert fastdds.profile_variable() == variable
    assert set(fastdds.profile_environment()) == {variable}


@pytest.mark.parametrize('version', [JAZZY, KILTED])
def test_the_users_profile_stays(no_profile, release, version):
    release(version)
    no_profile.setenv(fastdds.profile_variable(), '/my/profile.xml')
    assert fastdds.profile_environment() == {}
    assert fastdds.use_default_profile() == '/my/profile.xml'


@pytest.mark.parametrize(
    'version, given, read', [(JAZZY, FAST_DDS_3, FAST_DDS_2), (KILTED, FAST_DDS_2, FAST_DDS_3)]
)
def test_a_profile_under_the_other_name_is_used(no_profile, release, version, given, read):
    release(version)
    no_profile.setenv(given, '/my/profile.xml')
    assert fastdds.profile_environment() == {read: '/my/profile.xml'}


def test_the_users_transports_stay(no_profile):
    no_profile.setenv('FASTDDS_BUILTIN_TRANSPORTS', 'UDPv4')
    assert fastdds.profile_environment() == {}
    assert fastdds.use_default_profile() is None


@pytest.mark.parametrize('name', fastdds.FILES_OF_THE_FOLDER)
def test_a_profile_in_the_folder_stays(no_profile, tmp_path, name):
    (tmp_path / name).touch()
    assert fastdds.profile_environment() == {}


@pytest.mark.parametrize('version, only', [(HUMBLE, True), (JAZZY, False), (KILTED, False)])
def test_localhost_only_is_by_a_transport_on_humble_alone(no_profile, release, version, only):
    release(version)
    no_profile.setenv('ROS_LOCALHOST_ONLY', '1')
    assert (fastdds.profile_environment() == {}) == only
    no_profile.setenv('ROS_LOCALHOST_ONLY', '0')
    assert fastdds.profile_environment()


def test_unknown_package_has_no_share():
    assert fastdds.package_share_directory('no_such_package_at_all') is None


def test_profile_holds_large_images():
    root = ElementTree.parse(fastdds.share_directory() / 'config' / 'fastdds.xml').getroot()
    descriptors = {
        d.find(f'{NAMESPACE}transport_id').text: d
        for d in root.iter(f'{NAMESPACE}transport_descriptor')
    }
    participant = next(root.iter(f'{NAMESPACE}participant'))
    assert participant.get('is_default_profile') == 'true'
    used = [t.text for t in participant.find(f'.//{NAMESPACE}userTransports')]
    assert set(used) == set(descriptors)
    kinds = {d.find(f'{NAMESPACE}type').text: d for d in descriptors.values()}
    assert set(kinds) == {'SHM', 'UDPv4'}
    full_hd = 1920 * 1080 * 3
    assert int(kinds['SHM'].find(f'{NAMESPACE}maxMessageSize').text) > full_hd
    assert int(kinds['SHM'].find(f'{NAMESPACE}segment_size').text) >= 4 * full_hd
