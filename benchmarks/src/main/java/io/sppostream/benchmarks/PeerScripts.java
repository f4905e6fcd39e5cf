package io.sppostream.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The peers' scripts in Python, and the environment that they run in: options and steps that benchmarks share. */
final class PeerScripts {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Option(
            names = "--python",
            defaultValue = "python3",
            description = "Python to make the virtual environment with (default: ${DEFAULT-VALUE}).")
    private String basePython = "";

    private @Nullable PythonEnvironment environment;

    /**
     * What a script reported.
     *
     * @param json its last line
     * @param wallSeconds of the whole process
     */
    record Report(JsonNode json, double wallSeconds) {}

    /** Makes the environment, unless it is there. It takes minutes the first time. */
    PythonEnvironment install() throws IOException, InterruptedException {
        PythonEnvironment made = environment;
        if (made == null) {
            made = PythonEnvironment.open("peers", basePython, resource("requirements.txt"));
            environment = made;
        }
        return made;
    }

    /** Writes scripts to a folder, so that they can import one another. */
    static void write(Path directory, List<String> scripts) throws IOException {
        for (String script : scripts) {
            Files.writeString(directory.resolve(script), resource(script));
        }
    }

    /** Runs a script that needs no other, in a folder of its own. */
    JsonNode run(String script, List<String> arguments) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("sppo-peer");
        try {
            write(directory, List.of(script));
            return run(directory, script, arguments).json();
        } finally {
            BenchmarkTools.delete(directory);
        }
    }

    /**
     * Runs a script of a folder.
     *
     * @throws IllegalStateException with what it printed on standard error, if it fails
     */
    Report run(Path directory, String script, List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of(install().python().toString(), directory.resolve(script).toString()));
        command.addAll(arguments);
        Path errors = directory.resolve("errors");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
        builder.environment().put("HF_HUB_OFFLINE", "1");
        try {
            ChildProcess process = ChildProcess.run(builder, directory);
            List<String> lines = Files.readAllLines(process.output());
            return new Report(JSON.readTree(lines.get(lines.size() - 1)), process.wallSeconds());
        } catch (IllegalStateException e) {
            throw new IllegalStateException(Files.readString(errors), e);
        }
    }

    /** A file of the peers. */
    private static String resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(PeerScripts.class.getResourceAsStream("/peers/" + name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
