"""Scoring requests: from the body to customers, from customers to scores, from scores to the answer."""
