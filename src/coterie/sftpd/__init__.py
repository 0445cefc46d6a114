"""Door for files: the SFTP server that clients upload to and download from."""
