package io.sppostream.feed.data;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BuiltInDatasetsTest {
    @Test
    void shouldMakeEachDatasetByItsName() {
        assertThat(BuiltInDatasets.names())
                .containsExactly(
                        "addition",
                        "addition-1",
                        "arithmetic",
                        "ledger",
                        "knights-and-knaves",
                        "knights-and-knaves-text")
                .allSatisfy(name -> assertThat(BuiltInDatasets.make(name))
                        .hasValueSatisfying(
                                dataset -> assertThat(dataset.name()).isEqualTo(name)));
        assertThat(BuiltInDatasets.make("gsm8k.jsonl")).isEmpty();
    }
}
