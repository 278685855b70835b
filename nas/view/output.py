"""Standard output, whose reader may leave before the end."""

from rich.console import Console


class Output(Console):
    """Prints results; ``run_command`` deals with a pipe that is closed, as for any ``print``."""

    def on_broken_pipe(self) -> None:
        """Pass the error on, where rich would end the process with a failure.

        Raises:
            BrokenPipeError: Always.
        """
        raise BrokenPipeError
