package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import org.junit.jupiter.api.Test;

class TopicsCommandTest {
    @Test
    void shouldDescribeTheCatalogueWithoutACluster() {
        Invocation described = Invocation.of("topics", "--describe");

        assertThat(described.code()).as(described.err()).isZero();
        assertThat(described.out().lines().findFirst().orElseThrow())
                .containsSubsequence("TOPIC", "KEY", "EVENT", "PARTITIONS", "RETENTION");
        assertThat(described.out().lines().skip(1).map(line -> line.substring(0, line.indexOf(' '))))
                .isEqualTo(new Topics("RUN", 1).all().stream().map(Topic::name).toList());
    }
}
