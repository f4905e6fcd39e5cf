package io.sppostream.cli.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.pattern.CompositeConverter;
import io.sppostream.log.Redactor;

/** {@code %redacted(...)} in a logging pattern: the text in the parentheses without credentials. */
public final class RedactingConverter extends CompositeConverter<ILoggingEvent> {
    @Override
    protected String transform(ILoggingEvent event, String text) {
        return Redactor.text(text);
    }
}
