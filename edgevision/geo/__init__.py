"""Where on earth a photo was taken: knowledge of places, without networks and frames."""
