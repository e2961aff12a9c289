# What the plugin reads, as a module of python.d.plugin: the kernel's counters of resets as they are.

from bases.FrameworkServices.SimpleService import SimpleService

FILES = {'/proc/net/snmp': 'Tcp:', '/proc/net/netstat': 'TcpExt:'}
CHARTS = {
    'resets': ['OutRsts', 'AttemptFails'],
    'causes': ['EstabResets', 'EmbryonicRsts', 'TCPAbortOnData', 'TCPAbortOnClose', 'TCPAbortOnMemory',
               'TCPAbortOnTimeout', 'TCPAbortOnLinger', 'TCPAbortFailed'],
}
NAMES = [name for names in CHARTS.values() for name in names]
ORDER = list(CHARTS)


class Service(SimpleService):
    def __init__(self, configuration=None, name=None):
        SimpleService.__init__(self, configuration=configuration, name=name)
        self.order = ORDER
        self.definitions = {
            chart: {
                'options': [None, chart, 'resets/s', 'tcp', 'bench.' + chart, 'line'],
                'lines': [[name, name, 'incremental'] for name in names],
            }
            for chart, names in CHARTS.items()
        }

    def get_data(self):
        found = {}
        for path, label in FILES.items():
            with open(path) as file:
                header, values = [line.split() for line in file if line.startswith(label)]
            found.update(zip(header, values))
        return {name: int(found[name]) for name in NAMES}
