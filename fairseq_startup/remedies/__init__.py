"""One module a remedy, each with ``mend(module, execute)``: run the module's code and put right what fails."""
