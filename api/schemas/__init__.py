"""What goes in and out of the API, by module. Unknown fields in are refused; fields out are listed one by one."""
