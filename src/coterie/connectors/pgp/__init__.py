"""OpenPGP: opening files that were encrypted for us, encrypting files for others."""
