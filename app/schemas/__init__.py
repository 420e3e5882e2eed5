"""What requests bring and answers say, one subject a file; the OpenAPI document is made from these."""
