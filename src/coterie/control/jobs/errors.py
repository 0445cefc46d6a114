"""What is wrong with a job as somebody wants it."""

from coterie.base.errors import UserError


class BadJobError(UserError):
    """A job that cannot be made as asked."""

    code = "bad_job"
