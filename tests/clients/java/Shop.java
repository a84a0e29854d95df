/** Computes until its standard input ends. */
public final class Shop {
    private static volatile long sink;

    public static void main(String[] arguments) throws Exception {
        Thread worker = new Thread(() -> {
            while (true) {
                spin();
            }
        });
        worker.setDaemon(true);
        worker.start();
        while (System.in.read() >= 0) {
        }
    }

    private static void spin() {
        for (int i = 0; i < 10_000_000; i++) {
            sink += i;
        }
    }
}
