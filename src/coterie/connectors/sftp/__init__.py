"""A client's SFTP server: how it is signed in to, looked at, read from and written to."""
