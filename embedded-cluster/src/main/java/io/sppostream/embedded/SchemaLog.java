package io.sppostream.embedded;

import java.util.List;
import java.util.function.Consumer;

/** The log of all changes to the registry, from which its state is rebuilt. It has one writer. */
interface SchemaLog extends AutoCloseable {
    /** Passes every record to a reader, oldest first. Called once, before the first append. */
    void replay(Consumer<RegistryRecord> reader);

    /**
     * Appends records in order, and returns when all are durable.
     *
     * @throws EmbeddedException if that fails; the registry must then be restarted
     */
    void append(List<RegistryRecord> records);

    @Override
    void close();
}
