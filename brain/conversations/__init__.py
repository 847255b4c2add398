"""Conversations that the service keeps: whose they are, what was asked and answered in them, personal data masked."""
