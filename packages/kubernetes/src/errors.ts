import { errorCatalogue } from '@dure/core';

/** What can go wrong between Dure and a Kubernetes API server. */
export const kubernetesErrors = errorCatalogue('KUBERNETES', {
  REFUSED: {
    kind: 'upstream',
    retryable: true,
    en: {
      title: 'The Kubernetes API server refused a request',
      fix: 'For 401 and 403 give the service account a role that may get, list and watch endpointslices (discovery.k8s.io), and get, list and watch the configmaps and secrets that are named; else see the status in the message.',
    },
    ko: {
      title: 'Kubernetes API 서버가 요청을 거부했습니다',
      fix: '401, 403이면 서비스 계정에 endpointslices(discovery.k8s.io)의 get, list, watch 권한과 이름을 적은 configmaps, secrets의 get, list, watch 권한을 주십시오. 그 밖에는 메시지에 나온 상태 코드를 확인하십시오.',
    },
  },
  UNREACHABLE: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'The Kubernetes API server cannot be reached',
      fix: 'Check the address in the message, network policies, and the certificate authority; the last known instances are used meanwhile.',
    },
    ko: {
      title: 'Kubernetes API 서버에 연결할 수 없습니다',
      fix: '메시지에 나온 주소, 네트워크 정책, 인증 기관(CA)을 확인하십시오. 그동안은 마지막으로 알려진 인스턴스를 씁니다.',
    },
  },
  CONFIG_INVALID: {
    kind: 'invalid',
    en: {
      title: 'ConfigMaps or Secrets are named that cannot exist',
      fix: 'Name objects as Kubernetes does, in lower case; `{service}` stands for the name of the service that reads.',
    },
    ko: {
      title: 'ConfigMap이나 Secret의 이름이 올바르지 않습니다',
      fix: 'Kubernetes 규칙에 맞게 소문자로 이름을 적으십시오. `{service}`는 설정을 읽는 서비스의 이름으로 바뀝니다.',
    },
  },
  NOT_IN_CLUSTER: {
    kind: 'internal',
    en: {
      title: 'There is no service account of a pod here',
      fix: 'Run it in a pod with `automountServiceAccountToken`, or give `kubernetesApi` the address and a token yourself.',
    },
    ko: {
      title: '파드의 서비스 계정을 찾을 수 없습니다',
      fix: '`automountServiceAccountToken`이 켜진 파드에서 실행하거나, `kubernetesApi`에 주소와 토큰을 직접 넘기십시오.',
    },
  },
  ANSWER_INVALID: {
    kind: 'upstream',
    retryable: true,
    en: {
      title: 'The Kubernetes API server answered something that is not what was asked for',
      fix: 'Check that the address leads to a Kubernetes API server of version 1.21 or later, not to a proxy.',
    },
    ko: {
      title: 'Kubernetes API 서버의 응답이 요청한 객체가 아닙니다',
      fix: '주소가 프록시가 아니라 1.21 이상의 Kubernetes API 서버를 가리키는지 확인하십시오.',
    },
  },
});
