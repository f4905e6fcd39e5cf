package io.sppostream.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import io.confluent.kafka.schemaregistry.client.SchemaMetadata;
import io.confluent.kafka.schemaregistry.client.rest.entities.SchemaReference;
import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The REST protocol, used by Confluent's client and over bare HTTP, with a log in memory. */
class SchemaRegistryTest {
    private static final String A = record("{\"name\":\"a\",\"type\":\"int\"}");
    private static final String A_AND_OPTIONAL_B =
            record("{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"b\",\"type\":\"int\",\"default\":0}");
    private static final String A_AND_B = record("{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"b\",\"type\":\"int\"}");

    private static final ClusterSecret SECRET = ClusterSecret.random();

    private final MemorySchemaLog log = new MemorySchemaLog();
    private SchemaRegistry registry = SchemaRegistry.start(log, 0, SECRET);
    private CachedSchemaRegistryClient client = client();

    @BeforeEach
    void open() {
        assertThat(registry.url()).startsWith("http://127.0.0.1:");
    }

    @AfterEach
    void close() {
        registry.close();
    }

    @Test
    void shouldAssignOneIdWhenTheSameSchemaIsRegisteredTwice() throws Exception {
        int id = client.register("s", new AvroSchema(A));
        assertThat(client().register("s", new AvroSchema(A))).isEqualTo(id);
        assertThat(client.register("t", new AvroSchema(A))).isEqualTo(id);
        assertThat(client.getAllVersions("s")).containsExactly(1);
        assertThat(client.getAllSubjects()).containsExactly("s", "t");
        assertThat(client.getAllSubjectsById(id)).containsExactlyInAnyOrder("s", "t");
        assertThat(client.register("s", new AvroSchema(A_AND_OPTIONAL_B))).isEqualTo(id + 1);
        assertThat(client.getVersion("s", new AvroSchema(A_AND_OPTIONAL_B))).isEqualTo(2);
        assertThat(client().getSchemaById(id).canonicalString()).isEqualTo(A);
        SchemaMetadata latest = client.getLatestSchemaMetadata("s");
        assertThat(latest.getVersion()).isEqualTo(2);
        assertThat(latest.getSchema()).isEqualTo(A_AND_OPTIONAL_B);
    }

    @Test
    void shouldSayWhyWhenASchemaIsIncompatible() throws Exception {
        client.register("s", new AvroSchema(A));
        assertThatThrownBy(() -> client.register("s", new AvroSchema(A_AND_B)))
                .isInstanceOfSatisfying(RestClientException.class, e -> {
                    assertThat(e.getStatus()).isEqualTo(409);
                    assertThat(e.getErrorCode()).isEqualTo(409);
                    assertThat(e)
                            .hasMessageContaining("incompatible with an earlier schema for subject \"s\"")
                            .hasMessageContaining("READER_FIELD_MISSING_DEFAULT_VALUE")
                            .hasMessageContaining("oldSchemaVersion: 1")
                            .hasMessageContaining("FULL_TRANSITIVE");
                });
        assertThat(client.getAllVersions("s")).containsExactly(1);
        assertThat(client.testCompatibility("s", new AvroSchema(A_AND_B))).isFalse();
        assertThat(client.testCompatibility("s", new AvroSchema(A_AND_OPTIONAL_B)))
                .isTrue();
        assertThat(client.testCompatibilityVerbose("s", new AvroSchema(A_AND_B)))
                .anyMatch(m -> m.contains("READER_FIELD_MISSING_DEFAULT_VALUE"));
    }

    @Test
    void shouldCompareWithEveryVersionWhenTheLevelIsTransitive() throws Exception {
        client.register("s", new AvroSchema(A));
        client.updateCompatibility("s", "NONE");
        client.register("s", new AvroSchema(record("{\"name\":\"c\",\"type\":\"int\",\"default\":0}")));
        String onlyD = record("{\"name\":\"d\",\"type\":\"int\",\"default\":0}");
        client.updateCompatibility("s", "FULL");
        assertThat(answer("POST", "/compatibility/subjects/s/versions", request(onlyD)))
                .isEqualTo("200 {\"is_compatible\":true}");
        client.updateCompatibility("s", "FULL_TRANSITIVE");
        assertThat(answer("POST", "/compatibility/subjects/s/versions?verbose=true", request(onlyD)))
                .contains("\"is_compatible\":false", "READER_FIELD_MISSING_DEFAULT_VALUE");
        assertThat(answer("POST", "/compatibility/subjects/s/versions/2", request(onlyD)))
                .isEqualTo("200 {\"is_compatible\":true}");
        assertThat(answer("POST", "/compatibility/subjects/s/versions/1", request(onlyD)))
                .isEqualTo("200 {\"is_compatible\":false}");
    }

    @Test
    void shouldKeepLevelsWhenSet() throws Exception {
        assertThat(answer("GET", "/config", "")).isEqualTo("200 {\"compatibilityLevel\":\"FULL_TRANSITIVE\"}");
        assertThat(answer("GET", "/config/s", "")).startsWith("404 {\"error_code\":40408,");
        assertThat(answer("GET", "/config/s?defaultToGlobal=true", ""))
                .isEqualTo("200 {\"compatibilityLevel\":\"FULL_TRANSITIVE\"}");
        assertThat(answer("PUT", "/config/s", "{\"compatibility\":\"BACKWARD\"}"))
                .isEqualTo("200 {\"compatibility\":\"BACKWARD\"}");
        assertThat(client.updateCompatibility(null, "FORWARD")).isEqualTo("FORWARD");
        restart();
        assertThat(client.getCompatibility("s")).isEqualTo("BACKWARD");
        assertThat(client.getCompatibility(null)).isEqualTo("FORWARD");
        client.deleteCompatibility("s");
        assertThat(answer("DELETE", "/config", "")).isEqualTo("200 {\"compatibilityLevel\":\"FORWARD\"}");
        restart();
        assertThat(answer("GET", "/config", "")).isEqualTo("200 {\"compatibilityLevel\":\"FULL_TRANSITIVE\"}");
        assertThat(answer("GET", "/config/s", "")).startsWith("404 {\"error_code\":40408,");
        assertThat(answer("PUT", "/config", "{\"compatibility\":\"SOMETIMES\"}"))
                .startsWith("422 {\"error_code\":42203,");
    }

    @Test
    void shouldWriteConfluentsRecordsWhenStateChanges() throws Exception {
        client.register("s", new AvroSchema("\"int\""));
        client.updateCompatibility("s", "NONE");
        client.updateCompatibility(null, "FULL");
        assertThat(log.lines())
                .containsExactly(
                        "{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1,\"magic\":1}"
                                + " {\"subject\":\"s\",\"version\":1,\"id\":1,\"schema\":\"\\\"int\\\"\",\"deleted\":false}",
                        "{\"keytype\":\"CONFIG\",\"subject\":\"s\",\"magic\":0}"
                                + " {\"subject\":\"s\",\"compatibilityLevel\":\"NONE\"}",
                        "{\"keytype\":\"CONFIG\",\"magic\":0} {\"compatibilityLevel\":\"FULL\"}");
        client.register("s", new AvroSchema("\"string\""));
        client.deleteSchemaVersion("s", "1");
        client.deleteSubject("s");
        assertThat(log.lines())
                .containsExactly(
                        "{\"keytype\":\"CONFIG\",\"magic\":0} {\"compatibilityLevel\":\"FULL\"}",
                        "{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":2,\"magic\":1}"
                                + " {\"subject\":\"s\",\"version\":2,\"id\":2,\"schema\":\"\\\"string\\\"\",\"deleted\":false}",
                        "{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1,\"magic\":1}"
                                + " {\"subject\":\"s\",\"version\":1,\"id\":1,\"schema\":\"\\\"int\\\"\",\"deleted\":true}",
                        "{\"keytype\":\"DELETE_SUBJECT\",\"subject\":\"s\",\"magic\":0} {\"subject\":\"s\",\"version\":2}",
                        "{\"keytype\":\"CONFIG\",\"subject\":\"s\",\"magic\":0} null");
        client.deleteSubject(Map.of(), "s", true);
        assertThat(log.lines())
                .contains(
                        "{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1,\"magic\":1} null",
                        "{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":2,\"magic\":1} null");
    }

    @Test
    void shouldReadARealServersLogWhenStartedOnIt() throws Exception {
        log.put("{\"keytype\":\"NOOP\",\"magic\":0}", null);
        log.put("{\"keytype\":\"MODE\",\"subject\":\"s\",\"magic\":0}", "{\"subject\":\"s\",\"mode\":\"READWRITE\"}");
        log.put(
                "{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":3,\"magic\":1}",
                "{\"subject\":\"s\",\"version\":3,\"id\":7,\"md5\":\"x\",\"schema\":\"\\\"int\\\"\",\"deleted\":false,"
                        + "\"offset\":4,\"ts\":5}");
        restart();
        assertThat(client.getAllVersions("s")).containsExactly(3);
        assertThat(client.getSchemaById(7).canonicalString()).isEqualTo("\"int\"");
        assertThat(client.register("t", new AvroSchema("\"long\""))).isEqualTo(8);
        assertThat(client.register("t", new AvroSchema("\"long\""))).isEqualTo(8);
        assertThat(client.register("u", new AvroSchema("\"int\""))).isEqualTo(7);
    }

    @Test
    void shouldHideAndRestoreWhenDeletedSoftly() throws Exception {
        int id = client.register("s", new AvroSchema(A));
        client.register("s", new AvroSchema(A_AND_OPTIONAL_B));
        assertThat(answer("DELETE", "/subjects/s/versions/1?permanent=true", ""))
                .startsWith("404 {\"error_code\":40407,");
        assertThat(answer("DELETE", "/subjects/s/versions/1", "")).isEqualTo("200 1");
        assertThat(answer("DELETE", "/subjects/s/versions/1", "")).startsWith("404 {\"error_code\":40406,");
        assertThat(answer("GET", "/subjects/s/versions", "")).isEqualTo("200 [2]");
        assertThat(answer("GET", "/subjects/s/versions?deleted=true", "")).isEqualTo("200 [1,2]");
        assertThat(answer("GET", "/subjects/s/versions/1", "")).startsWith("404 {\"error_code\":40402,");
        assertThat(answer("DELETE", "/subjects/s?permanent=true", "")).startsWith("404 {\"error_code\":40405,");
        assertThat(answer("DELETE", "/subjects/s", "")).isEqualTo("200 [2]");
        assertThat(answer("DELETE", "/subjects/s", "")).startsWith("404 {\"error_code\":40404,");
        restart();
        assertThat(answer("GET", "/subjects", "")).isEqualTo("200 []");
        assertThat(answer("GET", "/subjects?deleted=true", "")).isEqualTo("200 [\"s\"]");
        assertThat(answer("GET", "/schemas/ids/" + id, "")).startsWith("200 ");
        assertThat(client.register("s", new AvroSchema(A))).isEqualTo(id);
        assertThat(answer("GET", "/subjects/s/versions?deleted=true", "")).isEqualTo("200 [2,3]");
        restart();
        assertThat(answer("GET", "/subjects/s/versions", "")).isEqualTo("200 [3]");
        assertThat(answer("DELETE", "/subjects/s", "")).isEqualTo("200 [3]");
        assertThat(answer("DELETE", "/subjects/s?permanent=true", "")).isEqualTo("200 [2,3]");
        restart();
        assertThat(answer("GET", "/subjects?deleted=true", "")).isEqualTo("200 []");
        assertThat(answer("GET", "/schemas/ids/" + id, "")).startsWith("404 {\"error_code\":40403,");
    }

    @Test
    void shouldResolveReferencesWhenASchemaHasThem() throws Exception {
        client.register("inner", new AvroSchema("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"X\"]}"));
        SchemaReference reference = new SchemaReference("E", "inner", 1);
        String outer = "{\"type\":\"record\",\"name\":\"O\",\"fields\":[{\"name\":\"e\",\"type\":\"E\"}]}";
        AvroSchema schema = new AvroSchema(
                outer, List.of(reference), Map.of("E", "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"X\"]}"), null);
        int id = client.register("outer", schema);
        restart();
        assertThat(client.register("outer", schema)).isEqualTo(id);
        assertThat(client.getSchemaById(id).references()).containsExactly(reference);
        assertThat(answer("GET", "/subjects/inner/versions/1/referencedby", "")).isEqualTo("200 [" + id + "]");
        assertThat(answer("DELETE", "/subjects/inner", "")).startsWith("422 {\"error_code\":42206,");
        // A generated class inlines the enum: it is the same schema and not a new version.
        assertThat(client.register("outer", new AvroSchema(schema.rawSchema()))).isEqualTo(id);
        assertThat(answer(
                        "POST",
                        "/subjects/lost/versions",
                        "{\"schema\":" + quoted(outer)
                                + ",\"references\":[{\"name\":\"E\",\"subject\":\"nowhere\",\"version\":1}]}"))
                .startsWith("422 {\"error_code\":42201,");
    }

    @Test
    void shouldIgnoreOrderAndAttributesWhenNormalizing() throws Exception {
        String plain = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":{\"type\":\"int\"}}]}";
        assertThat(answer("POST", "/subjects/s/versions?normalize=true", request(A)))
                .isEqualTo("200 {\"id\":1}");
        assertThat(answer("POST", "/subjects/s/versions?normalize=true", request(plain)))
                .isEqualTo("200 {\"id\":1}");
        assertThat(answer("POST", "/subjects/s", request(" " + A + "\n")))
                .isEqualTo("200 {\"subject\":\"s\",\"version\":1,\"id\":1,\"schema\":" + quoted(A) + "}");
    }

    @Test
    void shouldAnswerInConfluentsTermsWhenAskedByHand() throws Exception {
        assertThat(answer("GET", "/", "")).isEqualTo("200 {}");
        assertThat(answer("GET", "/schemas/types", "")).isEqualTo("200 [\"AVRO\"]");
        assertThat(answer("GET", "/mode", "")).isEqualTo("200 {\"mode\":\"READWRITE\"}");
        assertThat(answer("GET", "/v1/metadata/id", "")).contains("\"schema-registry-cluster\":\"schema-registry\"");
        assertThat(answer("GET", "/subjects/none/versions", ""))
                .isEqualTo("404 {\"error_code\":40401,\"message\":\"Subject 'none' not found.\"}");
        assertThat(answer("GET", "/schemas/ids/9", ""))
                .isEqualTo("404 {\"error_code\":40403,\"message\":\"Schema 9 not found\"}");
        assertThat(answer("POST", "/subjects/a%2Fb+c%20d/versions", request(A))).isEqualTo("200 {\"id\":1}");
        assertThat(answer("GET", "/subjects", "")).isEqualTo("200 [\"a/b+c d\"]");
        assertThat(answer("GET", "/subjects?subjectPrefix=b", "")).isEqualTo("200 []");
        assertThat(answer("GET", "/subjects/a%2Fb+c%20d/versions/latest/schema", ""))
                .isEqualTo("200 " + A);
        assertThat(answer("GET", "/schemas/ids/1/schema", "")).isEqualTo("200 " + A);
        assertThat(answer("GET", "/schemas/ids/1/versions", ""))
                .isEqualTo("200 [{\"subject\":\"a/b+c d\",\"version\":1}]");
        assertThat(answer("GET", "/schemas", "")).contains("\"id\":1");
        assertThat(answer("GET", "/subjects/a%2Fb+c%20d/versions/0", "")).startsWith("422 {\"error_code\":42202,");
        assertThat(answer("GET", "/subjects/a%2Fb+c%20d/versions/x", "")).startsWith("422 {\"error_code\":42202,");
        assertThat(answer("POST", "/subjects/s/versions", request("{\"type\":\"nothing\"}")))
                .startsWith("422 {\"error_code\":42201,");
        assertThat(answer("POST", "/subjects/s/versions", "{\"schemaType\":\"JSON\",\"schema\":\"{}\"}"))
                .startsWith("422 {\"error_code\":42201,");
        assertThat(answer("POST", "/subjects/s/versions", "{")).startsWith("400 {\"error_code\":400,");
        assertThat(answer("POST", "/subjects/s", request(A))).startsWith("404 {\"error_code\":40401,");
        assertThat(answer("POST", "/subjects/a%2Fb+c%20d", request(A_AND_B)))
                .isEqualTo("404 {\"error_code\":40403,\"message\":\"Schema not found\"}");
        assertThat(answer("GET", "/nothing", "")).startsWith("404 {\"error_code\":404,");
        HttpResponse<String> response = Http.get(registry.url() + "/subjects");
        assertThat(response.headers().firstValue("Content-Type")).contains("application/vnd.schemaregistry.v1+json");
    }

    @Test
    void shouldRefuseChangesWhenTheLogFails() throws Exception {
        client.register("s", new AvroSchema(A));
        log.failFromNowOn();
        assertThat(answer("POST", "/subjects/t/versions", request(A)))
                .isEqualTo("500 {\"error_code\":50001,\"message\":\"the disk is full\"}");
        assertThat(answer("GET", "/subjects", "")).isEqualTo("200 [\"s\"]");
        assertThat(answer("POST", "/subjects/t/versions", request(A))).contains("must be restarted");
    }

    private void restart() {
        registry.close();
        registry = SchemaRegistry.start(log, 0, SECRET);
        client = client();
    }

    private CachedSchemaRegistryClient client() {
        return new CachedSchemaRegistryClient(registry.url(), 100, SECRET.registryClient());
    }

    private String answer(String method, String path, String body) throws IOException, InterruptedException {
        HttpResponse<String> response = Http.send(method, registry.url() + path, body, SECRET.registryClient());
        return response.statusCode() + " " + response.body();
    }

    private static String request(String schema) {
        return "{\"schema\":" + quoted(schema) + "}";
    }

    private static String quoted(String text) {
        return '"' + text.replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }

    private static String record(String fields) {
        return "{\"type\":\"record\",\"name\":\"R\",\"fields\":[" + fields + "]}";
    }
}
