package io.sppostream.embedded;

import io.sppostream.log.PrivateFiles;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * A real Kafka broker and controller in a child JVM. It stops when this object is closed or this process ends: however
 * the process ends, the broker then reads the end of its standard input and stops cleanly. The next start finds a broker
 * that is still running through {@code broker.state}. Thread-safe.
 *
 * <p>There is no shutdown hook here: the broker outlives the hooks of its parent, so that clients can close properly.
 */
public final class EmbeddedBroker implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EmbeddedBroker.class);

    private static final long START_SECONDS = 120;
    static final long STOP_SECONDS = 70;
    private static final int PORT_ATTEMPTS = 3;
    private static final int TAIL_BYTES = 8000;
    private static final int TAIL_LINES = 3;

    /** Exit codes above this one are signals. */
    private static final int SIGNAL = 128;

    private final DataDirectory directory;
    private final BrokerJvm jvm;
    private final Process process;
    private final int port;
    private final @Nullable Path unfinishedArchive;
    private final CompletableFuture<EmbeddedException> died = new CompletableFuture<>();
    private volatile boolean closing;

    private EmbeddedBroker(
            DataDirectory directory, BrokerJvm jvm, Process process, int port, @Nullable Path unfinishedArchive) {
        this.directory = directory;
        this.jvm = jvm;
        this.process = process;
        this.port = port;
        this.unfinishedArchive = unfinishedArchive;
        var unused = process.onExit().thenAccept(this::onExit);
    }

    /**
     * Starts the broker of a directory and waits until it is ready.
     *
     * @param directory locked by the caller, who closes it after the broker
     * @param port on 127.0.0.1, 0 for a free one
     * @param secret without which nobody can connect
     * @param secured a second listener; null for none
     * @param meanwhile called once the broker's process is running; must return at once
     * @throws EmbeddedException if the port is taken or the broker does not start, with the end of its log
     */
    static EmbeddedBroker start(
            DataDirectory directory,
            int port,
            ClusterSecret secret,
            @Nullable SecuredListener secured,
            Runnable meanwhile) {
        LeftoverBroker.end(directory);
        if (port != 0) {
            Ports.requireFree("broker port", port);
        }
        try {
            BrokerJvm jvm = BrokerJvm.ofThisProcess(BrokerJvm.cacheFolder(directory));
            return start(directory, port, jvm, secret, secured, meanwhile);
        } catch (IOException e) {
            throw new EmbeddedException("the broker of " + directory.path() + " can't be started: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EmbeddedException("interrupted while the broker of " + directory.path() + " was starting", e);
        }
    }

    static EmbeddedBroker start(
            DataDirectory directory, int port, BrokerJvm jvm, ClusterSecret secret, Runnable meanwhile)
            throws IOException, InterruptedException {
        return start(directory, port, jvm, secret, null, meanwhile);
    }

    private static EmbeddedBroker start(
            DataDirectory directory,
            int port,
            BrokerJvm jvm,
            ClusterSecret secret,
            @Nullable SecuredListener secured,
            Runnable meanwhile)
            throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            boolean archived = Files.exists(jvm.archive());
            List<Integer> free = Ports.free(2);
            int chosen = port == 0 ? free.get(0) : port;
            Properties properties = BrokerProperties.of(directory.brokerLogs(), chosen, free.get(1), secret);
            if (secured != null) {
                secured.addTo(properties);
            }
            EmbeddedBroker broker = launch(
                    directory,
                    chosen,
                    properties,
                    jvm,
                    secured == null ? List.of() : secured.jvmOptions(),
                    !archived && BrokerJvm.canArchive());
            if (attempt == 1) {
                meanwhile.run();
            }
            String answer = broker.awaitAnswer();
            if (answer.equals(BrokerMain.READY)) {
                return broker;
            }
            broker.close();
            boolean last = attempt >= PORT_ATTEMPTS;
            if (answer.equals(BrokerMain.PORT_IN_USE) && !last) {
                continue; // another program has taken the free port before the broker could
            }
            if (archived && !last) {
                // The archive may be at fault, whatever the message, and the broker can start without it.
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
            DataDirectory directory,
            int port,
            Properties properties,
            BrokerJvm jvm,
            List<String> jvmOptions,
            boolean writeArchive)
            throws IOException {
        Files.createDirectories(directory.brokerLogs());
        StringWriter text = new StringWriter();
        properties.store(text, "written at every start");
        PrivateFiles.write(directory.brokerProperties(), text.toString());
        Path draft =
                writeArchive ? jvm.unfinishedArchive(ProcessHandle.current().pid()) : null;
        ProcessBuilder builder = new ProcessBuilder(jvm.command(
                directory.brokerProperties(), directory.brokerLog(), Optional.ofNullable(draft), jvmOptions));
        builder.environment().put("CLASSPATH", jvm.environmentClassPath());
        builder.redirectError(Redirect.to(directory.brokerErrors().toFile()));
        Process process = builder.start();
        Instant started = process.info().startInstant().orElseGet(Instant::now);
        new BrokerState(process.pid(), started, port).write(directory.brokerState());
        return new EmbeddedBroker(directory, jvm, process, port, draft);
    }

    /** The line that the broker's main class prints; empty if the process ended without one. */
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

    /** Completes with the reason if the broker ends before {@link #close()}; otherwise never. */
    public CompletionStage<EmbeddedException> died() {
        return died;
    }

    /** Stops the broker cleanly and waits until it has ended. */
    @Override
    public void close() {
        closing = true;
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            // The broker has ended already.
        }
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                log.warn("the broker, process {}, has not ended within {} s: killing it", process.pid(), STOP_SECONDS);
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            // It ends by itself, since its standard input is closed; the next start waits for it.
            Thread.currentThread().interrupt();
            return;
        }
        try {
            if (!process.isAlive() && process.exitValue() == 0) {
                Files.deleteIfExists(directory.brokerState());
            }
            keepArchive();
        } catch (IOException e) {
            log.warn("cleaning up after the broker: {}", e.toString());
        }
    }

    private void keepArchive() throws IOException {
        if (unfinishedArchive == null || !Files.exists(unfinishedArchive)) {
            return;
        }
        if (!process.isAlive() && process.exitValue() == 0) {
            jvm.keep(unfinishedArchive);
        } else {
            Files.delete(unfinishedArchive);
        }
    }

    /** The broker's log file and its last lines, and those of the JVM, on one line and without stack traces. */
    private String tail() {
        Path errors = directory.brokerErrors();
        return tail(directory.brokerLog()) + (errors.toFile().length() == 0 ? "" : "; " + tail(errors));
    }

    private static String tail(Path file) {
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
