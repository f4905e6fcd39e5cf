package io.sppostream.cli.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;
import io.sppostream.log.LockFile;
import io.sppostream.log.PrivateFiles;
import io.sppostream.run.config.LogFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Writes the log of a command to {@code sppo.log} in its data directory. Events wait in memory until the command has read
 * its configuration, and until there is something to log no file is made. At {@link #FILE_BYTES} a file becomes {@code
 * sppo.1.log}, and so on; the last {@link #OLD_FILES} of them are kept. Processes that share a data directory have a file
 * each: {@code sppo.log}, {@code sppo-2.log}, ... The system property {@code sppo.log} names another file. Thread-safe.
 */
public final class LogFileAppender extends AppenderBase<ILoggingEvent> {
    /** The size at which a file is put aside. */
    static final long FILE_BYTES = 10L << 20;

    /** How many files are kept beside the current one. */
    static final int OLD_FILES = 4;

    /** Events that wait for the directory. More are written to the default directory. */
    private static final int WAITING = 1000;

    /** Processes with a file each in one directory. Further ones share the last. */
    private static final int PROCESSES = 16;

    private static final Path DEFAULT_DIRECTORY = Path.of(".sppo");

    private static @Nullable LogFileAppender current;
    private static @Nullable Path directory;
    private static boolean json;

    private final Deque<ILoggingEvent> waiting = new ArrayDeque<>();
    private final long fileBytes;
    private @Nullable Encoder<ILoggingEvent> encoder;
    private @Nullable RollingFileAppender<ILoggingEvent> file;
    private @Nullable LockFile lock;
    private @Nullable Path openDirectory;
    private Path path = DEFAULT_DIRECTORY.resolve("sppo.log");

    /** An appender as the logging configuration makes it. */
    public LogFileAppender() {
        this(FILE_BYTES);
    }

    LogFileAppender(long fileBytes) {
        this.fileBytes = fileBytes;
    }

    /** Sets the encoder of events, as the logging configuration gives it. */
    public void setEncoder(Encoder<ILoggingEvent> encoder) {
        this.encoder = encoder;
    }

    /** Tells the data directory of the command, to which its log goes from now on, as text. */
    public static void logTo(Path dataDirectory) {
        logTo(dataDirectory, LogFormat.TEXT);
    }

    /** Tells the data directory of the command, to which its log goes from now on, and the format. */
    public static void logTo(Path dataDirectory, LogFormat format) {
        synchronized (LogFileAppender.class) {
            directory = dataDirectory.toAbsolutePath().normalize();
            json = format == LogFormat.JSON;
            if (current != null) {
                current.write(false);
            }
        }
    }

    /** Forgets the directory, as at the start of a process: tests share one. */
    static void forget() {
        synchronized (LogFileAppender.class) {
            directory = null;
            json = false;
        }
    }

    /** Writes what waits, to the default directory if no other is known, and returns the file. */
    public static Path flush() {
        synchronized (LogFileAppender.class) {
            if (current != null) {
                current.write(true);
                return current.path.toAbsolutePath();
            }
            return DEFAULT_DIRECTORY.resolve("sppo.log").toAbsolutePath();
        }
    }

    @Override
    public void start() {
        synchronized (LogFileAppender.class) {
            current = this;
            super.start();
        }
    }

    @Override
    public void stop() {
        synchronized (LogFileAppender.class) {
            write(true);
            closeFile();
            super.stop();
        }
    }

    @Override
    protected void append(ILoggingEvent event) {
        event.prepareForDeferredProcessing();
        synchronized (LogFileAppender.class) {
            waiting.add(event);
            write(waiting.size() > WAITING);
        }
    }

    /** @param now false if events may wait until the data directory is there */
    private void write(boolean now) {
        if (waiting.isEmpty()) {
            return;
        }
        Path target = directory;
        boolean elsewhere = System.getProperty("sppo.log") != null;
        if (!now && !elsewhere && (target == null || !Files.isDirectory(target))) {
            return;
        }
        open(target == null ? DEFAULT_DIRECTORY.toAbsolutePath() : target);
        RollingFileAppender<ILoggingEvent> out = file;
        while (out != null && !waiting.isEmpty()) {
            out.doAppend(waiting.remove());
        }
        waiting.clear();
    }

    private void open(Path target) {
        if (file != null && target.equals(openDirectory)) {
            return;
        }
        closeFile();
        openDirectory = target;
        String given = System.getProperty("sppo.log");
        try {
            path = given == null ? free(target) : Path.of(given);
        } catch (IOException e) {
            addError("the log cannot be written to " + target, e);
            return;
        }
        String base = path.toString().replaceFirst("\\.log$", "");

        RollingFileAppender<ILoggingEvent> rolling = new RollingFileAppender<>();
        rolling.setContext(getContext());
        rolling.setName("log-file");
        rolling.setFile(path.toString());
        rolling.setEncoder(json ? json() : encoder);

        FixedWindowRollingPolicy window = new FixedWindowRollingPolicy();
        window.setContext(getContext());
        window.setParent(rolling);
        window.setFileNamePattern(base.replace("\\", "\\\\").replace("%", "\\%") + ".%i.log");
        window.setMinIndex(1);
        window.setMaxIndex(OLD_FILES);
        window.start();
        rolling.setRollingPolicy(window);

        SizeBasedTriggeringPolicy<ILoggingEvent> size = new SizeBasedTriggeringPolicy<>();
        size.setContext(getContext());
        size.setMaxFileSize(new FileSize(fileBytes));
        size.setCheckIncrement(Duration.buildByMilliseconds(0)); // otherwise it looks once a second
        size.start();
        rolling.setTriggeringPolicy(size);
        rolling.start();
        file = rolling;
    }

    private JsonEncoder json() {
        JsonEncoder made = new JsonEncoder();
        made.setContext(getContext());
        made.start();
        return made;
    }

    /** A file of the directory that no other process writes to: it would keep writing to a file that was put aside. */
    private Path free(Path target) throws IOException {
        PrivateFiles.createDirectory(target);
        for (int i = 1; ; i++) {
            String name = i == 1 ? "sppo" : "sppo-" + i;
            lock = LockFile.tryLock(target.resolve(name + ".log.lock"));
            if (lock != null || i == PROCESSES) {
                return target.resolve(name + ".log");
            }
        }
    }

    private void closeFile() {
        if (file != null) {
            file.stop();
            file = null;
        }
        if (lock != null) {
            lock.close();
            lock = null;
        }
    }
}
