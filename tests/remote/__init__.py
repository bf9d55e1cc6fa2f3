"""Every call of an API of Alibaba Cloud, against a server that fails in every way."""
