"""What ottools costs beside the libraries that people use: `make bench`."""
