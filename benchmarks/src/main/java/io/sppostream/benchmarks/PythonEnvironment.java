package io.sppostream.benchmarks;

import io.sppostream.embedded.UserCache;
import io.sppostream.log.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A virtual environment of Python with pinned packages, in the {@link UserCache}.
 *
 * @param python its interpreter
 */
record PythonEnvironment(Path python) {

    /**
     * Opens the environment. It is made when it is first needed, and completed when the pins have changed. Packages come
     * from the index that the user has configured for pip.
     *
     * @param basePython the Python to make it with
     * @param requirements the pins, in the format of pip's requirements files
     * @throws UserException if Python is missing, or pip fails
     */
    static PythonEnvironment open(String name, String basePython, String requirements)
            throws IOException, InterruptedException {
        Path directory = UserCache.folder().resolve(name);
        Path python = directory.resolve("bin").resolve("python");
        Path pins = directory.resolve("requirements.txt");
        Path installed = directory.resolve("installed.txt");
        if (Files.exists(installed) && Files.readString(installed).equals(requirements)) {
            return new PythonEnvironment(python);
        }
        System.out.printf("python       installing the pinned packages in %s (minutes, gigabytes) ...%n", directory);
        Files.createDirectories(directory);
        Path log = directory.resolve("install.log");
        if (!Files.isExecutable(python)) {
            require(log, "the virtual environment was not made", basePython, "-m", "venv", directory.toString());
        }
        Files.writeString(pins, requirements);
        require(
                log,
                "the packages were not installed",
                python.toString(),
                "-m",
                "pip",
                "install",
                "-r",
                pins.toString());
        Files.writeString(installed, requirements);
        return new PythonEnvironment(python);
    }

    /** Runs a command, which must succeed. */
    private static void require(Path log, String failure, String... command) throws InterruptedException {
        int exit;
        try {
            exit = new ProcessBuilder(List.of(command))
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new UserException(
                    command[0] + " does not start: install Python 3.11 or later, or name one with --python");
        }
        if (exit != 0) {
            throw new UserException(
                    failure + ": '" + String.join(" ", command) + "' failed with exit code " + exit + "; see " + log);
        }
    }
}
