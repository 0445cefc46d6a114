"""Coterie: an open-source, self-hosted customer data platform that works beside Braze."""
