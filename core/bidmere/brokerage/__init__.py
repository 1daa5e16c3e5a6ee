"""The ports a broker may offer, and how brokers are found."""
