package io.sppostream.compare;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.compare.CellOutcome.Failed;
import io.sppostream.compare.CellOutcome.Finished;
import io.sppostream.log.UserException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Takes each run in a process of its own, by {@code ./sppo train}: so that its memory can be measured, all runs start
 * alike, and a run that crashes ends no other. {@code output.txt} in the folder of the run has what it prints.
 */
public final class CellProcess implements CellRunner {
    static final String OUTPUT = "output.txt";

    private static final long BETWEEN_LOOKS_MILLIS = 250;
    private static final long OUTPUT_MILLIS = 10_000;
    private static final int INTERRUPTED = 130;
    private static final String ERROR = "sppo: ";
    private static final String PROGRESS = "step ";

    private final CellSettings settings;
    private final Class<?> main;

    /** @param main the command, {@code ./sppo} */
    public CellProcess(CellSettings settings, Class<?> main) {
        this.settings = settings;
        this.main = main;
    }

    @Override
    public Optional<CellResult> recorded(Cell cell) {
        Path summary = settings.summary(cell);
        if (!Files.exists(summary)) {
            return Optional.empty();
        }
        CellResult result = CellResult.read(summary);
        List<String> differences = settings.differences(cell, result);
        if (!differences.isEmpty()) {
            throw new UserException(settings.folder(cell) + " has a run with other settings ("
                    + String.join(", ", differences) + "): give another --out, or delete that folder");
        }
        return Optional.of(result);
    }

    @Override
    public Optional<CellOutcome> run(Cell cell, Consumer<String> progress, BooleanSupplier stopRequested)
            throws InterruptedException {
        try {
            Files.createDirectories(settings.folder(cell));
            Process process = new ProcessBuilder(command(cell))
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectErrorStream(true)
                    .start();
            Output output = new Output(process, settings.folder(cell).resolve(OUTPUT));
            Thread reader = new Thread(output, "output of " + cell.run());
            reader.start();
            try {
                await(process, () -> progress.accept(output.progress), stopRequested);
                reader.join(OUTPUT_MILLIS); // A process that it has left behind may hold the pipe open.
            } finally {
                process.destroy();
            }
            return outcome(cell, process.exitValue(), output.error, stopRequested.getAsBoolean());
        } catch (IOException | UncheckedIOException e) {
            return Optional.of(new Failed("cannot start the run: " + e.getMessage()));
        }
    }

    private List<String> command(Cell cell) {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> !option.startsWith("-javaagent") && !option.startsWith("-agentlib"))
                .filter(option -> !option.startsWith("-Dsppo.") && !option.contains("RecordDynamicDumpInfo"))
                .forEach(command::add);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName(), "train"));
        if (settings.file() != null) {
            command.add("--config=" + settings.file());
        }
        command.add("--budget=" + settings.budget());
        settings.given(cell).forEach((name, value) -> command.add("--set=" + name + "=" + value));
        return command;
    }

    /** Copies what a run prints to its file, and keeps the last line of its progress and its error. */
    private static final class Output implements Runnable {
        private final Process process;
        private final Path file;
        volatile String progress = "starting";
        volatile String error = "";

        Output(Process process, Path file) {
            this.process = process;
            this.file = file;
        }

        @Override
        public void run() {
            try (BufferedReader lines = process.inputReader(UTF_8);
                    Writer writer =
                            Files.newBufferedWriter(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    writer.write(line + System.lineSeparator());
                    writer.flush();
                    if (line.startsWith(PROGRESS)) {
                        progress = line;
                    } else if (line.startsWith(ERROR)) {
                        error = line.substring(ERROR.length());
                    }
                }
            } catch (IOException e) {
                error = "its output cannot be written: " + e.getMessage();
                process.destroy();
            }
        }
    }

    private static void await(Process process, Runnable showProgress, BooleanSupplier stopRequested)
            throws InterruptedException {
        boolean asked = false;
        while (!process.waitFor(BETWEEN_LOOKS_MILLIS, TimeUnit.MILLISECONDS)) {
            if (stopRequested.getAsBoolean() && !asked) {
                // Process.destroy would close the pipe, and lose what the run prints while it stops. Ctrl-C in a
                // terminal reaches the run too, and one of the two signals is ignored.
                process.toHandle().destroy();
                asked = true;
            }
            showProgress.run();
        }
    }

    private Optional<CellOutcome> outcome(Cell cell, int exitCode, String error, boolean stopped) {
        if (exitCode == 0 && Files.exists(settings.summary(cell))) {
            return Optional.of(new Finished(CellResult.read(settings.summary(cell))));
        }
        return stopped || exitCode == INTERRUPTED
                ? Optional.empty()
                : Optional.of(new Failed((error.isEmpty() ? "exit code " + exitCode : error) + " (see "
                        + settings.folder(cell).resolve(OUTPUT) + ")"));
    }
}
