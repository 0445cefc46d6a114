"""Any address that takes signed messages."""
