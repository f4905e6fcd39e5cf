package io.sppostream.embedded;

import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.client.rest.entities.Metadata;
import io.confluent.kafka.schemaregistry.client.rest.entities.RuleSet;
import io.confluent.kafka.schemaregistry.client.rest.entities.Schema;
import io.confluent.kafka.schemaregistry.client.rest.entities.SchemaReference;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The parts of a registration by which two are the same schema and share one id. Immutable. */
record SchemaContent(
        String schema,
        String type,
        List<SchemaReference> references,
        @Nullable Metadata metadata,
        @Nullable RuleSet ruleSet) {
    /** The content of a registered or requested schema. */
    static SchemaContent of(Schema s) {
        return new SchemaContent(
                s.getSchema(),
                s.getSchemaType() == null ? AvroSchema.TYPE : s.getSchemaType(),
                s.getReferences() == null ? List.of() : s.getReferences(),
                s.getMetadata(),
                s.getRuleSet());
    }
}
