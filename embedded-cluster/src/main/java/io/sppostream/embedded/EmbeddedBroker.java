package io.sppostream.embedded;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.io.Writer;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real Kafka broker and controller in a child JVM. It lives as long as this object or this process, whichever ends
 * first: when the process ends in whatever way, the broker reads the end of its standard input and stops cleanly. A
 * broker that is left behind all the same is found by {@code broker.state} at the next start.
 *
 * <p>There is no shutdown hook here: the broker outlives the parent's hooks, so that streams can close against it.
 */
public final class EmbeddedBroker implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EmbeddedBroker.class);

    private static final long START_SECONDS = 120;
    private static final long STOP_SECONDS = 70;
    private static final long POLL_MILLIS = 20;
    private static final int PORT_ATTEMPTS = 3;
    private static final int TAIL_BYTES = 8000;
    private static final int TAIL_LINES = 3;

    /** Exit codes above this one are signals. */
    private static final int SIGNAL = 128;

    private final DataDirectory directory;
    private final BrokerJvm jvm;
    private final Process process;
    private final int port;
    private final @Nullable Path archiveInTheMaking;
    private final CompletableFuture<EmbeddedException> died = new CompletableFuture<>();
    private volatile boolean closing;

    private EmbeddedBroker(
            DataDirectory directory, BrokerJvm jvm, Process process, int port, @Nullable Path archiveInTheMaking) {
        this.directory = directory;
        this.jvm = jvm;
        this.process = process;
        this.port = port;
        this.archiveInTheMaking = archiveInTheMaking;
        var unused = process.onExit().thenAccept(this::onExit);
    }

    /**
     * Starts the broker of a directory and waits until it serves.
     *
     * @param directory locked by the caller, who closes it after the broker
     * @param port on 127.0.0.1, 0 for a free one
     * @throws EmbeddedException if the port is taken or the broker doesn't come up; its log's end is in the message
     */
    public static EmbeddedBroker start(DataDirectory directory, int port) {
        endLeftBehind(directory);
        if (port != 0) {
            Ports.requireFree("broker port", port);
        }
        try {
            if (Files.exists(directory.brokerOutput())) {
                Files.move(
                        directory.brokerOutput(), directory.earlierBrokerOutput(), StandardCopyOption.REPLACE_EXISTING);
            }
            BrokerJvm jvm = BrokerJvm.ofThisProcess(BrokerJvm.cacheFolder(directory));
            return start(directory, port, jvm);
        } catch (IOException e) {
            throw new EmbeddedException("the broker of " + directory.path() + " can't be started: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EmbeddedException("interrupted while the broker of " + directory.path() + " was starting", e);
        }
    }

    static EmbeddedBroker start(DataDirectory directory, int port, BrokerJvm jvm)
            throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            boolean archived = Files.exists(jvm.archive());
            List<Integer> free = Ports.free(2);
            int chosen = port == 0 ? free.get(0) : port;
            EmbeddedBroker broker = launch(directory, chosen, free.get(1), jvm, !archived);
            String answer = broker.awaitAnswer();
            if (answer.equals(BrokerMain.READY)) {
                return broker;
            }
            broker.close();
            boolean last = attempt >= PORT_ATTEMPTS;
            if (answer.equals(BrokerMain.PORT_IN_USE) && !last) {
                continue; // someone took a free port between our look and the broker's
            }
            if (archived && !last) {
                // Whatever the reason, the archive is the one thing that may be at fault and is not needed.
                Files.deleteIfExists(jvm.archive());
                continue;
            }
            throw answer.equals(BrokerMain.PORT_IN_USE)
                    ? Ports.inUse("broker port", chosen)
                    : new EmbeddedException("the broker of " + directory.path() + " did not start: "
                            + (answer.isEmpty() ? "its process ended" : answer) + "; " + broker.tail());
        }
    }

    private static EmbeddedBroker launch(
            DataDirectory directory, int port, int controllerPort, BrokerJvm jvm, boolean writeArchive)
            throws IOException {
        Properties properties = BrokerProperties.of(directory.brokerLogs(), port, controllerPort);
        Files.createDirectories(directory.brokerLogs());
        try (Writer out = Files.newBufferedWriter(directory.brokerProperties())) {
            properties.store(out, "written at every start");
        }
        Path draft =
                writeArchive ? jvm.archiveInTheMaking(ProcessHandle.current().pid()) : null;
        ProcessBuilder builder =
                new ProcessBuilder(jvm.command(directory.brokerProperties(), Optional.ofNullable(draft)));
        builder.environment().put("CLASSPATH", jvm.environmentClassPath());
        builder.redirectError(Redirect.appendTo(directory.brokerOutput().toFile()));
        Process process = builder.start();
        Instant started = process.info().startInstant().orElseGet(Instant::now);
        new BrokerState(process.pid(), started, port).write(directory.brokerState());
        return new EmbeddedBroker(directory, jvm, process, port, draft);
    }

    /** The line the broker's main class sends, empty if the process ended without one. */
    private String awaitAnswer() throws InterruptedException {
        CompletableFuture<String> answer = CompletableFuture.supplyAsync(() -> {
            try {
                BufferedReader out =
                        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
                String line = out.readLine();
                return line == null ? "" : line;
            } catch (IOException e) {
                return "";
            }
        });
        try {
            return answer.get(START_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            process.destroyForcibly();
            return "not ready after " + START_SECONDS + " s";
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Ends the broker that an earlier, killed process of this directory left, and says so. */
    private static void endLeftBehind(DataDirectory directory) {
        BrokerState state = BrokerState.read(directory.brokerState()).orElse(null);
        if (state != null && state.process(directory.brokerProperties()).isPresent()) {
            log.warn("a broker of a killed run, process {}, is still ending: waiting for it", state.pid());
            if (!ends(state, directory)) {
                log.warn("it has not ended in {} s: killing it, the log recovers as after any crash", STOP_SECONDS);
                state.process(directory.brokerProperties()).ifPresent(ProcessHandle::destroyForcibly);
                if (!ends(state, directory)) {
                    throw new EmbeddedException("the broker of a killed run, process " + state.pid() + ", holds "
                            + directory.path() + " and can't be ended: kill it by hand, or give another --data-dir");
                }
            }
        }
        try {
            Files.deleteIfExists(directory.brokerState());
        } catch (IOException e) {
            throw new EmbeddedException(directory.brokerState() + " can't be removed: " + e.getMessage(), e);
        }
    }

    /**
     * Whether a process that is not our child has ended in time. Asked again and again, as an orphan stays visible as a
     * zombie, and {@link ProcessHandle#onExit()} waits, until someone collects it.
     */
    private static boolean ends(BrokerState state, DataDirectory directory) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(STOP_SECONDS);
        while (state.process(directory.brokerProperties()).isPresent()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            try {
                Thread.sleep(POLL_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new EmbeddedException("interrupted while waiting for process " + state.pid() + " to end", e);
            }
        }
        return true;
    }

    private void onExit(Process ended) {
        if (!closing) {
            died.complete(new EmbeddedException(
                    ended.exitValue() > SIGNAL
                            ? "the broker of " + directory.path() + " was killed by signal "
                                    + (ended.exitValue() - SIGNAL)
                                    + "; nothing that was committed is lost: run the same command again"
                            : "the broker of " + directory.path() + " ended by itself with code " + ended.exitValue()
                                    + ": run the same command again; " + tail()));
        }
    }

    /** {@code host:port}, for {@code bootstrap.servers}. */
    public String bootstrapServers() {
        return Ports.HOST + ":" + port;
    }

    /** The broker's process id. */
    public long pid() {
        return process.pid();
    }

    /** Completes with the reason if the broker ends before {@link #close()}; never otherwise. */
    public CompletionStage<EmbeddedException> died() {
        return died;
    }

    /** Stops the broker cleanly and waits for its end. */
    @Override
    public void close() {
        closing = true;
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            // It has ended before us.
        }
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                log.warn("the broker, process {}, has not ended in {} s: killing it", process.pid(), STOP_SECONDS);
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            // It ends by itself now that its standard input is closed; the next start waits for it.
            Thread.currentThread().interrupt();
            return;
        }
        try {
            if (!process.isAlive() && process.exitValue() == 0) {
                Files.deleteIfExists(directory.brokerState());
            }
            keepArchive();
        } catch (IOException e) {
            log.warn("after the broker's end: {}", e.toString());
        }
    }

    private void keepArchive() throws IOException {
        if (archiveInTheMaking == null || !Files.exists(archiveInTheMaking)) {
            return;
        }
        if (!process.isAlive() && process.exitValue() == 0) {
            jvm.keep(archiveInTheMaking);
        } else {
            Files.delete(archiveInTheMaking);
        }
    }

    /** Where the broker's log is and how it ends, on one line and without stack traces. */
    private String tail() {
        Path file = directory.brokerOutput();
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            byte[] bytes = new byte[(int) Math.min(TAIL_BYTES, in.length())];
            in.seek(in.length() - bytes.length);
            in.readFully(bytes);
            List<String> lines = new String(bytes, StandardCharsets.UTF_8)
                    .lines()
                    .filter(l -> !l.isBlank() && !Character.isWhitespace(l.charAt(0)))
                    .toList();
            return file + " ends with: "
                    + String.join(" | ", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
        } catch (IOException e) {
            return file + " can't be read: " + e.getMessage();
        }
    }
}
