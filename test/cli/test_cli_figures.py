"""Figures on a terminal."""

from monodepth_ros.cli.figures import print_figures


def test_tables_are_aligned(capsys):
    groups = [
        {'from_m': 0.0, 'to_m': 2.0, 'share': 0.25, 'rmse': 12.5, 'abs_rel': 0.1, 'delta1': 1.0},
        {'from_m': 2.0, 'to_m': 10.0, 'share': 0.0},
    ]
    iou = {'bed': 0.5, 'a long class name': None}
    print_figures({'n_images': 2, 'rmse': 0.123456, 'by_distance': groups, 'iou': iou})
    assert capsys.readouterr().out.splitlines() == [
        'n_images           2',
        'rmse               0.1235',
        '',
        'by_distance',
        '               share     rmse  abs_rel   delta1',
        '  0 to 2 m    0.2500  12.5000   0.1000   1.0000',
        '  2 to 10 m   0.0000        -        -        -',
        '',
        'iou',
        '  bed              0.5000',
        '  a long class name -',
    ]


def test_edges_that_are_not_there(capsys):
    edges = {'near': {'share': 0.0}, 'away': {'share': 1.0, 'rmse': 0.5}}
    print_figures({'depth_edges': {**edges, 'accuracy_px': None, 'completeness_px': 2.5}})
    assert capsys.readouterr().out.endswith('  accuracy_px -, completeness_px 2.5000\n')
