"""The report on a case: findings drawn from recorded facts alone, and their pages."""
