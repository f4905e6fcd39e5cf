package io.sppostream.embedded;

import io.confluent.kafka.schemaregistry.client.rest.entities.Schema;
import org.jspecify.annotations.Nullable;

/** One entry of the registry's log, in the terms of Confluent's server. */
sealed interface RegistryRecord {
    /** A version of a subject, as registered or, when {@code deleted}, softly deleted. */
    record Version(Schema schema, boolean deleted) implements RegistryRecord {}

    /** A version that is gone for good. */
    record VersionErased(String subject, int version) implements RegistryRecord {}

    /** All versions of a subject up to this one are softly deleted. */
    record SubjectDeleted(String subject, int upToVersion) implements RegistryRecord {}

    /** A compatibility level, of a subject or of all ({@code null}); {@code null} takes it back. */
    record Compatibility(@Nullable String subject, @Nullable String level) implements RegistryRecord {}

    /** Kinds that a server may write and that mean nothing here; they stay on the log. */
    record Other() implements RegistryRecord {}
}
