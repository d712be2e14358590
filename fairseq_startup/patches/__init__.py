"""One module a patch, each with ``apply(module, execute)``: run the module's code and put right what fails."""
