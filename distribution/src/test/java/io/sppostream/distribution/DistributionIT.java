package io.sppostream.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The archive, unpacked somewhere else and run with the Java runtime of this process. The PATH has the few commands that
 * the launcher calls, and neither Maven nor Java; the working directory is not the checkout.
 */
class DistributionIT {
    private static final Path ARCHIVE = Path.of(System.getProperty("distribution.archive", ""));
    private static final String NAME = "sppo-stream-" + System.getProperty("distribution.version", "");

    /** All that {@code bin/sppo} calls: those of coreutils, and the shell that keeps signals from the broker. */
    private static final List<String> COMMANDS =
            List.of("bash", "sh", "dirname", "readlink", "uname", "cksum", "wc", "mkdir", "rm", "cat");

    @TempDir
    private Path directory = Path.of("");

    private Path workingDirectory = Path.of("");
    private Path commands = Path.of("");

    @BeforeEach
    void unpack() throws Exception {
        workingDirectory = Files.createDirectory(directory.resolve("work"));
        commands = Files.createDirectory(directory.resolve("commands"));
        for (String command : COMMANDS) {
            Path script =
                    Files.writeString(commands.resolve(command), "#!/bin/sh\nexec " + onPath(command) + " \"$@\"\n");
            assertThat(script.toFile().setExecutable(true)).isTrue();
        }
        Process tar = new ProcessBuilder("tar", "-xzf", ARCHIVE.toString(), "-C", directory.toString())
                .inheritIO()
                .start();
        assertThat(tar.waitFor()).isZero();
    }

    private static Path onPath(String command) {
        return Stream.of(System.getenv("PATH").split(":", -1))
                .map(folder -> Path.of(folder, command))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow();
    }

    private record Result(int code, String output) {}

    private Result run(Path program, String... arguments) throws IOException, InterruptedException {
        Path output = Files.createTempFile(directory, "output", ".txt");
        ProcessBuilder builder = new ProcessBuilder(Stream.concat(Stream.of(program.toString()), Stream.of(arguments))
                        .toList())
                .directory(workingDirectory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", commands.toString());
        builder.environment().put("HOME", directory.resolve("home").toString());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        try {
            assertThat(process.waitFor(3, TimeUnit.MINUTES)).isTrue();
            return new Result(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
        } finally {
            process.destroy();
        }
    }

    @Test
    void shouldRunWithAJavaRuntimeAlone() throws Exception {
        Path program = directory.resolve(NAME).resolve("bin/sppo");

        assertThat(run(program, "--version").output()).startsWith("SPPO Stream ");
        assertThat(run(program, "--help").output()).contains("train").contains("audit");

        Result training = run(program, "train", "--steps", "2", "--run", "two-steps");
        assertThat(training.code()).as(training.output()).isZero();
        assertThat(workingDirectory.resolve("runs/two-steps/summary.json")).isNotEmptyFile();
        try (Stream<Path> cache = Files.walk(directory.resolve("home/.cache/sppo-stream"))) {
            assertThat(cache.map(file -> file.getFileName().toString()))
                    .as("the archive of loaded classes, for quicker starts")
                    .anyMatch(name -> name.matches("classes-\\d+\\.jsa"));
        }

        // Through a link, and with the archive.
        Path link = Files.createSymbolicLink(directory.resolve("sppo"), program);
        Result audit = run(link, "audit", "--run", "two-steps");
        assertThat(audit.code()).as(audit.output()).isZero();
    }

    @Test
    void shouldSayWhichJavaIsMissing() throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                        directory.resolve(NAME).resolve("bin/sppo").toString(), "--version")
                .redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().put("PATH", commands.toString());
        Process process = builder.start();
        assertThat(process.inputReader(StandardCharsets.UTF_8).readLine())
                .contains("set JAVA_HOME to a Java runtime of version 17 or later");
        assertThat(process.waitFor()).isEqualTo(1);
    }
}
