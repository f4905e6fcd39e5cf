package io.sppostream.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.log.EventRecord;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RolloutProducerTest {

    /** Samples of the prompts of a poll, and the prompts that each batch of at most four rollouts answers. */
    @ParameterizedTest
    @CsvSource({
        "1 1 1, 3",
        "1 1 1 1 1 1, 4 2",
        "2 2 2, 2 1",
        "3 2 2 1, 1 2 1",
        "9 1 1, 1 2",
        "1 9, 1 1",
        // of invalid prompts only the expiry is held in memory
        "2147483647 0 -1 1 1, 4 1",
    })
    void shouldAnswerNoMoreRolloutsAtOnceThanABatchHas(String samples, String batches) {
        List<EventRecord<?>> records = new ArrayList<>();
        for (String each : samples.split(" ", -1)) {
            records.add(new EventRecord<>(
                    "prompts", 0, records.size(), "r", TestPolicy.prompt("r", "1+1=", Integer.parseInt(each))));
        }
        List<String> sizes = new ArrayList<>();
        for (int from = 0; from < records.size(); ) {
            int to = RolloutProducer.endOfBatch(records, from, 4);
            sizes.add(Integer.toString(to - from));
            from = to;
        }
        assertThat(String.join(" ", sizes)).isEqualTo(batches);
    }
}
