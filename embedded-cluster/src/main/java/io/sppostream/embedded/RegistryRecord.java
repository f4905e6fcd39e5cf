package io.sppostream.embedded;

import io.confluent.kafka.schemaregistry.client.rest.entities.Schema;
import org.jspecify.annotations.Nullable;

/** One record of the registry's log, as Confluent's server defines them. Immutable. */
sealed interface RegistryRecord {
    /** A version of a subject, registered or soft-deleted. */
    record Version(Schema schema, boolean deleted) implements RegistryRecord {}

    /** A version was deleted permanently. */
    record VersionErased(String subject, int version) implements RegistryRecord {}

    /** All versions of a subject up to this one were soft-deleted. */
    record SubjectDeleted(String subject, int upToVersion) implements RegistryRecord {}

    /** The compatibility level of a subject, or of all ({@code null}), was set or removed ({@code null}). */
    record Compatibility(@Nullable String subject, @Nullable String level) implements RegistryRecord {}

    /** A record of Confluent's server that has no meaning here; it stays on the log. */
    record Other() implements RegistryRecord {}
}
