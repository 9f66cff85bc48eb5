"""What happened in a show, observed and never steered by: the journal and the figures."""
