"""The profile that ships: found, set, and not set over the user's own."""

import os
import xml.etree.ElementTree as ElementTree

from monodepth_ros.ros import fastdds
import pytest

NAMESPACE = '{http://www.eprosima.com}'


@pytest.fixture
def no_profile(monkeypatch):
    for name in fastdds.PROFILE_VARIABLES:
        # Set first, so that what the test leaves there is undone as well.
        monkeypatch.setenv(name, '')
        monkeypatch.delenv(name)
    return monkeypatch


def test_profile_is_set_where_there_is_none(no_profile):
    profile = fastdds.use_default_profile()
    assert os.path.basename(profile) == 'fastdds.xml' and os.path.isfile(profile)
    assert os.environ['FASTDDS_DEFAULT_PROFILES_FILE'] == profile


def test_fast_dds_2_reads_the_old_name(no_profile):
    no_profile.setattr(fastdds.metadata, 'version', lambda name: '3.3.13')
    assert set(fastdds.profile_environment()) == set(fastdds.PROFILE_VARIABLES)
    no_profile.setattr(fastdds.metadata, 'version', lambda name: '9.1.2')
    assert set(fastdds.profile_environment()) == {'FASTDDS_DEFAULT_PROFILES_FILE'}


def test_the_variable_that_this_version_reads_is_named(no_profile):
    no_profile.setattr(fastdds.metadata, 'version', lambda name: '7.1.6')
    assert fastdds.profile_variable() == 'FASTRTPS_DEFAULT_PROFILES_FILE'
    no_profile.setattr(fastdds.metadata, 'version', lambda name: '9.1.2')
    assert fastdds.profile_variable() == 'FASTDDS_DEFAULT_PROFILES_FILE'


@pytest.mark.parametrize('name', fastdds.PROFILE_VARIABLES)
def test_the_users_profile_stays(no_profile, name):
    no_profile.setenv(name, '/my/profile.xml')
    assert fastdds.profile_environment() == {}
    assert fastdds.use_default_profile() == '/my/profile.xml'


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
