"""The HTML report of an evaluation: a page, pictures beside it, nothing from elsewhere."""

from monodepth_ros.training.report.folder import check_folder, write_report

__all__ = ['check_folder', 'write_report']
