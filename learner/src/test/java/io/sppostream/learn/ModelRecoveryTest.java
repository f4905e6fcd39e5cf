package io.sppostream.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.estimator.TrainingRecipe.EdgeReplay;
import io.sppostream.events.OptimizerState;
import io.sppostream.events.Recovery;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.WeightsChunk;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.LogException;
import io.sppostream.log.RunLog;
import io.sppostream.log.weights.WeightsPublisher;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.utils.Crc32C;
import org.junit.jupiter.api.Test;

/** Steps 1 to 5, a snapshot at version 3: steps 4 and 5 are trained again. */
class ModelRecoveryTest {
    private static final ModelKind POLICY = ModelKind.POLICY;

    private final LearnedModel learned = new LearnedModel(5);
    private final WeightsManifest snapshot = learned.versions().get(3);

    private ModelRecovery recovery(TrainableModel model) {
        return new ModelRecovery(new RunLog(learned.kafka, TestEvents.SERDES, learned.topics), model, EdgeReplay.NONE);
    }

    private void assertRefused(TrainableModel model, String message) {
        assertThatThrownBy(() -> recovery(model).recover())
                .isInstanceOf(LogException.class)
                .hasMessageContaining(message);
    }

    /** Changes a byte of a chunk. */
    private void damage(long offset, boolean fixCrc) {
        Topic<WeightsChunk> topic = learned.topics.weights(POLICY);
        WeightsChunk chunk = learned.log.committed(LearnedModel.at(topic)).stream()
                .filter(each -> each.offset() == offset)
                .map(each -> TestEvents.event(topic, each.value()))
                .findFirst()
                .orElseThrow();
        byte[] data = new byte[chunk.getData().remaining()];
        chunk.getData().get(data);
        data[0] ^= 1;
        long crc = fixCrc ? Crc32C.compute(data, 0, data.length) : chunk.getCrc32c();
        WeightsChunk damaged = new WeightsChunk(chunk.getVersion(), chunk.getIndex(), crc, ByteBuffer.wrap(data));
        learned.log.replace(LearnedModel.at(topic), offset, TestEvents.bytes(topic, damaged));
    }

    @Test
    void shouldRecoverTheLastVersionWhenStepsFollowASnapshot() {
        try (TrainableModel model = LearnedModel.start()) {
            ModelRecovery.Recovered recovered = recovery(model).recover();

            Objects.requireNonNull(recovered);
            assertThat(recovered.version()).isEqualTo(learned.versions().get(5));
            assertThat(recovered.snapshot()).isEqualTo(snapshot);
            assertThat(recovered.lastStep()).isEqualTo(learned.ledger().get(4));
            assertThat(recovered.recovery()).isEqualTo(Recovery.RECOMPUTED);
            assertThat(model.sha256()).isEqualTo(learned.ledger().get(4).getToSha256());
        }
    }

    @Test
    void shouldLeaveTheModelWhenTheLogHasNoVersion() {
        try (TrainableModel model = LearnedModel.start()) {
            String before = model.sha256();
            MemoryLog empty = new MemoryLog(new Random(1), Clock.systemUTC(), MemoryLog.QUIET);
            assertThat(new ModelRecovery(
                                    new RunLog(TestEvents.kafka(empty), TestEvents.SERDES, learned.topics),
                                    model,
                                    EdgeReplay.NONE)
                            .recover())
                    .isNull();
            assertThat(model.sha256()).isEqualTo(before);
        }
    }

    @Test
    void shouldRefuseWhenTheStartWeightsDiffer() {
        assertRefused(
                new HashModel(7),
                "run 'test' started from other policy weights (SHA-256 "
                        + learned.versions().get(0).getSha256() + ") than the given ones ("
                        + new HashModel(7).sha256() + "): give the model that the run started from, or another --run");
    }

    @Test
    void shouldRefuseWhenTheLedgerEndsBeforeTheVersions() {
        WeightsManifest sixth = WeightsManifest.newBuilder(learned.versions().get(5))
                .setVersion(6)
                .build();
        Topic<WeightsManifest> topic = learned.topics.versions(POLICY);
        learned.log.append(LearnedModel.at(topic), new byte[] {'p'}, TestEvents.bytes(topic, sixth));

        assertRefused(
                LearnedModel.start(),
                "the policy of run 'test' can't be resumed: its last version is 6,"
                        + " the last step in the ledger made version 5");
    }

    @Test
    void shouldRestoreTheWeightsOfTheLogWhenAnotherProcessorMakesOthers() {
        try (HashModel model = LearnedModel.start().on(1);
                HashModel recomputed = LearnedModel.start()) {
            ModelRecovery.Recovered recovered = recovery(model).recover();

            Objects.requireNonNull(recovered);
            assertThat(recovered.recovery()).isEqualTo(Recovery.RESTORED);
            assertThat(model.sha256()).isEqualTo(learned.ledger().get(4).getToSha256());
            recovery(recomputed).recover();
            assertThat(WeightsPublisher.sha256(model::writeOptimizer))
                    .as("the optimizer state of the steps trained again")
                    .isNotEqualTo(
                            Objects.requireNonNull(snapshot.getOptimizer()).getSha256())
                    .isNotEqualTo(WeightsPublisher.sha256(recomputed::writeOptimizer));
        }
    }

    @Test
    void shouldSayInTheNextRecordHowItRecovered() {
        learned.learnMore(2, LearnedModel.start().on(1));
        learned.learnMore(1, LearnedModel.start());

        assertThat(learned.ledger())
                .extracting(TrainingStep::getRecovered)
                .containsExactly(
                        Recovery.NONE,
                        Recovery.NONE,
                        Recovery.NONE,
                        Recovery.NONE,
                        Recovery.NONE,
                        Recovery.RESTORED,
                        Recovery.NONE,
                        Recovery.NONE);
        assertThat(learned.ledger().get(5).getFromSha256())
                .isEqualTo(learned.ledger().get(4).getToSha256());
    }

    @Test
    void shouldTrainNothingAgainWhenTheLearnerHasStoppedCleanly() {
        learned.learnMore(2, LearnedModel.start());
        List<WeightsManifest> seventh = learned.versions().stream()
                .filter(each -> each.getVersion() == 7)
                .toList();
        assertThat(seventh)
                .hasSize(2)
                .extracting(WeightsManifest::getSha256)
                .containsOnly(seventh.get(0).getSha256());

        try (TrainableModel model = LearnedModel.start()) {
            ModelRecovery.Recovered recovered = recovery(model).recover();
            Objects.requireNonNull(recovered);
            assertThat(recovered.snapshot()).isEqualTo(seventh.get(1));
            assertThat(recovered.recovery()).isEqualTo(Recovery.NONE);
            assertThat(model.sha256()).isEqualTo(seventh.get(0).getSha256());
        }
        learned.learnMore(0, LearnedModel.start());
        assertThat(learned.versions()).as("a snapshot is not written again").hasSize(9);
    }

    @Test
    void shouldRestoreTheVersionWhenAStepMakesOtherWeights() {
        TrainingStep fifth = learned.ledger().get(4);
        Topic<TrainingSample> topic = learned.topics.advantages();
        long offset = fifth.getSamples().get(0).getOffset();
        int index = (int) offset;
        learned.log.replace(
                LearnedModel.at(topic),
                offset,
                TestEvents.bytes(topic, TestEvents.sample(index, 3, TestEvents.value(index, 0), Instant.EPOCH)));

        try (TrainableModel model = LearnedModel.start()) {
            ModelRecovery.Recovered recovered = recovery(model).recover();
            assertThat(Objects.requireNonNull(recovered).recovery()).isEqualTo(Recovery.RESTORED);
            assertThat(model.sha256()).isEqualTo(fifth.getToSha256());
        }
    }

    @Test
    void shouldRefuseWhenTheWeightsOfTheSnapshotAreDamaged() {
        damage(snapshot.getFirstChunkOffset() + 1, false);
        assertRefused(
                LearnedModel.start(), "test.policy-weights.v1: version 3 can't be read: chunk 1 fails its CRC-32C");
    }

    @Test
    void shouldRefuseWhenTheSnapshotHasOtherWeights() {
        damage(snapshot.getFirstChunkOffset() + 1, true);
        assertRefused(
                LearnedModel.start(), "snapshot 3 of the policy of run 'test' can't be restored: its SHA-256 is ");
    }

    @Test
    void shouldRefuseWhenTheSnapshotHasAnotherOptimizerState() {
        OptimizerState optimizer = Objects.requireNonNull(snapshot.getOptimizer());
        damage(optimizer.getFirstChunkOffset(), true);
        assertRefused(LearnedModel.start(), ", its manifest says " + optimizer.getSha256());
    }

    @Test
    void shouldRefuseWhenTheSnapshotIsGone() {
        learned.log
                .admin(Map.of())
                .deleteRecords(Map.of(
                        LearnedModel.at(learned.topics.weights(POLICY)),
                        RecordsToDelete.beforeOffset(snapshot.getFirstChunkOffset() + 1)));
        learned.log.hurry();
        assertRefused(
                LearnedModel.start(), "snapshot 3 of the policy of run 'test' can't be restored: it is not on the log");
    }
}
