package io.sppostream.embedded;

import java.util.List;
import java.util.function.Consumer;

/** The registry's only memory: what is not on it has not happened. One writer, in order. */
interface SchemaLog extends AutoCloseable {
    /** Hands over every record there is, oldest first. Called once, before the first append. */
    void replay(Consumer<RegistryRecord> reader);

    /** Appends in order and returns when all are durable; if it throws, the registry has to be started anew. */
    void append(List<RegistryRecord> records);

    @Override
    void close();
}
