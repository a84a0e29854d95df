import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/** What the recordings beside this file are of: some of everything, for the seconds that are given. */
public class Work {
    static final Object LOCK = new Object();
    static final List<byte[]> kept = new ArrayList<>();
    static volatile long sink;

    public static void main(String[] args) throws Exception {
        long end = System.nanoTime() + Long.parseLong(args[0]) * 1_000_000_000L;
        Thread[] threads = {
            new Thread(() -> { while (System.nanoTime() < end) spin(); }, "spin"),
            new Thread(() -> { while (System.nanoTime() < end) allocate(); }, "allocate"),
            new Thread(() -> { while (System.nanoTime() < end) hold(); }, "hold-1"),
            new Thread(() -> { while (System.nanoTime() < end) hold(); }, "hold-2"),
            new Thread(() -> { while (System.nanoTime() < end) park(); }, "park"),
            new Thread(() -> { while (System.nanoTime() < end) dive(100); }, "dive"),
        };
        for (Thread t : threads) t.start();
        for (Thread t : threads) t.join();
    }

    static void spin() {
        Labels.run(Map.of("request", "spin"), () -> {
            for (int i = 0; i < 1_000_000; i++) sink += i * 31L;
        });
    }

    static void allocate() {
        for (int i = 0; i < 100; i++) {
            byte[] small = new byte[1000];
            byte[] large = new byte[500_000];
            sink += small.length + large.length;
            if (kept.size() < 20) kept.add(small);
        }
        sleep(5);
    }

    static void hold() {
        synchronized (LOCK) {
            sleep(7);
        }
    }

    static void park() {
        LockSupport.parkNanos(Work.class, 20_000_000);
    }

    static void dive(int depth) {
        if (depth > 0) dive(depth - 1);
        else for (int i = 0; i < 100_000; i++) sink += i;
    }

    static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Labels calls the agent's API if it is there. */
    static final class Labels {
        static void run(Map<String, String> labels, Runnable work) {
            try {
                Class.forName("io.pyroscope.labels.v2.Pyroscope");
            } catch (ClassNotFoundException e) {
                work.run();
                return;
            }
            Agent.run(labels, work);
        }
    }

    static final class Agent {
        static void run(Map<String, String> labels, Runnable work) {
            io.pyroscope.labels.v2.Pyroscope.LabelsWrapper.run(new io.pyroscope.labels.v2.LabelsSet(labels), work);
        }
    }
}
