package io.sppostream.cli.logging;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogFileAppenderTest {
    @TempDir
    private Path directory = Path.of("");

    private final LoggerContext context = new LoggerContext();
    private final Logger log = context.getLogger("test");

    private LogFileAppender appender(long fileBytes) {
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern("%level %msg%n");
        encoder.start();
        LogFileAppender appender = new LogFileAppender(fileBytes);
        appender.setContext(context);
        appender.setEncoder(encoder);
        appender.start();
        log.addAppender(appender);
        log.setLevel(Level.INFO);
        return appender;
    }

    @BeforeEach
    void start() {
        context.setMDCAdapter(new LogbackMDCAdapter());
        LogFileAppender.forget();
    }

    @AfterEach
    void stop() {
        context.stop();
    }

    @Test
    void shouldKeepWhatIsLoggedBeforeTheDirectoryIsKnown() throws IOException {
        Path data = directory.resolve("data");
        LogFileAppender appender = appender(1 << 20);
        log.warn("early");
        LogFileAppender.logTo(data);
        assertThat(data).as("the directory, before the command has made it").doesNotExist();
        Files.createDirectory(data);
        log.warn("late");

        assertThat(data.resolve("sppo.log")).hasContent("WARN early\nWARN late");
        appender.stop();
    }

    @Test
    void shouldMakeAPrivateDirectoryAtTheEndIfTheCommandHasMadeNone() throws IOException {
        LogFileAppender.logTo(directory.resolve("data"));
        appender(1 << 20);
        log.error("failed");

        assertThat(LogFileAppender.flush())
                .isEqualTo(directory.resolve("data/sppo.log"))
                .hasContent("ERROR failed");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("data"))))
                .isEqualTo("rwx------");
    }

    @Test
    void shouldFollowTheDataDirectoryOfTheNextCommand() {
        appender(1 << 20);
        LogFileAppender.logTo(directory.resolve("a"));
        log.warn("one");
        LogFileAppender.flush();
        LogFileAppender.logTo(directory.resolve("b"));
        log.warn("two");
        LogFileAppender.flush();

        assertThat(directory.resolve("a/sppo.log")).hasContent("WARN one");
        assertThat(directory.resolve("b/sppo.log")).hasContent("WARN two");
    }

    @Test
    void shouldRedactMessagesAndStackTraces() throws Exception {
        LogFileAppender.logTo(directory);
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(requireNonNull(getClass().getResource("/logback.xml")));
        log.warn("registry http://user:hunter2@host", new IOException("sasl.jaas.config=hunter2"));

        assertThat(Files.readString(directory.resolve("sppo.log")))
                .contains("http://[hidden]@host", "java.io.IOException: sasl.jaas.config=[hidden]", "\tat ")
                .doesNotContain("hunter2");
    }

    @Test
    void shouldBoundSizeAndNumberOfFiles() throws Exception {
        LogFileAppender.logTo(directory);
        appender(10_000);
        String line = "x".repeat(1_000);
        for (int i = 0; i < 100; i++) {
            log.info(line);
        }

        try (Stream<Path> files = Files.list(directory)) {
            List<String> names = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".log"))
                    .sorted()
                    .toList();
            assertThat(names).containsExactly("sppo.1.log", "sppo.2.log", "sppo.3.log", "sppo.4.log", "sppo.log");
        }
    }
}
