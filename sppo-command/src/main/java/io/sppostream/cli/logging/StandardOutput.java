package io.sppostream.cli.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.Encoder;
import io.sppostream.run.config.LogFormat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log on standard output, for processes whose output somebody collects, such as those of containers. In the format
 * JSON, every line is an object: what the command prints is logged too, with the logger {@code sppo}.
 */
public final class StandardOutput {
    private static final String PATTERN =
            "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX, UTC} %-5level [%thread] %logger{36} - %redacted(%msg%n%ex)";

    private StandardOutput() {}

    /** Sends the log to standard output from now on. */
    public static void log(LogFormat format) {
        if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
            return;
        }
        OutputStreamAppender<ILoggingEvent> appender = new OutputStreamAppender<>();
        appender.setContext(context);
        appender.setName("STDOUT");
        appender.setEncoder(started(context, format));
        appender.setOutputStream(System.out);
        appender.start();
        ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.detachAndStopAllAppenders();
        root.addAppender(appender);
        if (format == LogFormat.JSON) {
            Logger printed = LoggerFactory.getLogger("sppo");
            context.getLogger("sppo").setLevel(Level.INFO);
            System.setOut(LoggedLines.stream(printed::info));
            System.setErr(LoggedLines.stream(printed::error));
        }
    }

    private static Encoder<ILoggingEvent> started(LoggerContext context, LogFormat format) {
        if (format == LogFormat.JSON) {
            JsonEncoder encoder = new JsonEncoder();
            encoder.setContext(context);
            encoder.start();
            return encoder;
        }
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern(PATTERN);
        encoder.start();
        return encoder;
    }
}
