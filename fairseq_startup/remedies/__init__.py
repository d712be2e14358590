"""One module a remedy; each has ``mend(module, execute)``, which runs the module's code and puts right what fails."""
